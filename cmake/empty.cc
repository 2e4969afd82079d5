// Lets a folder whose only sources are main programs still be a library.
