import os
import sys
from pathlib import Path

# Tests here share line_task.py, and name it on the command line as a user names a class of theirs.
sys.path.insert(0, str(Path(__file__).parent))
os.environ['HF_HUB_OFFLINE'] = '1'  # no test asks a hub; read when transformers is imported
