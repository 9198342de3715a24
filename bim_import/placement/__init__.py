"""From evidence of where a source stands to one frame, with a diagnosis of what was found and how sure it is."""
