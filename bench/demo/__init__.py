"""The truth of the demonstration, made with MuJoCo; never needed at run time."""
