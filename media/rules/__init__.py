"""Pure rules of the video pipeline: ladder, playlists, captions, byte ranges."""
