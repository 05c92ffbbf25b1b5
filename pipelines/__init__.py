"""When and how things run: settings, definitions, jobs, schedules, commands, the sample Hub.

Belongs here: everything about running. Does not belong here: what is produced (see `assets`).
"""

# It switches the Hub client's telemetry off, which must happen before anything imports the client.
from assets import hub as hub
