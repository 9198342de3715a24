"""What readers of city models share: surfaces of objects, their colours and images, and the way into the spool."""
