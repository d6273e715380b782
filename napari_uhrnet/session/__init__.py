"""What the user wants and what is going on, without a GUI."""
