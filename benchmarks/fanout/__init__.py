"""What it costs to send one feed to thousands of streams, by proxyd and by nchan."""
