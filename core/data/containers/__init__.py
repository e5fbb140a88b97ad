"""Files around files: packed ones, and archives with several inside."""
