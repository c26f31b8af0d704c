"""Images from folders and into folders and archives."""
