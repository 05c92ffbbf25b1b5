"""The Hugging Face Hub's API: how it is asked, and what one listed model looks like.

Belongs here: requests, pages, the item's shape. Does not belong here: where answers are kept
(see `assets.captures`).
"""

import os

# huggingface_hub reads it at import: without it the client's first call asks the Hub which agent
# is calling, one request of the quota that no capture needs.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
