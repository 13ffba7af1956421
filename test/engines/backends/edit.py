import json


def edit(folder, **changes):
    """Change fields of a manifest; None removes one."""
    path = folder / 'manifest.json'
    found = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in found.items() if v is not None}))
