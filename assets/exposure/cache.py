"""The models in a machine's Hugging Face cache.

Belongs here: reading the cache's folders by huggingface_hub. Does not belong here: inventories'
own files (see `inventory`).
"""

from pathlib import Path

from assets.exposure.inventory import Entry


def is_cache(folder: Path) -> bool:
    """Whether a folder is a cache of the Hub: the folder that holds one folder a repository."""
    return any(_folders(folder))


def cached_models(folder: Path) -> list[Entry]:
    """The models of a cache, each of weight 1, placed by the folder that holds it.

    Those whose download was never finished have a folder too: they were meant to be used.
    """
    # Imported where it is used: it takes a second.
    from huggingface_hub import scan_cache_dir

    whole = {
        repo.repo_path.name: repo.repo_id
        for repo in scan_cache_dir(folder).repos
        if repo.repo_type == "model"
    }
    return [
        Entry(whole.get(found.name) or _repo_id(found), 1.0, found.name)
        for found in sorted(_folders(folder))
    ]


def _folders(folder: Path) -> list[Path]:
    return [found for found in folder.glob("models--*") if found.is_dir()]


def _repo_id(folder: Path) -> str:
    return "/".join(folder.name.removeprefix("models--").split("--", 1))
