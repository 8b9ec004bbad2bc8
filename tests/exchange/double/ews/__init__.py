"""Exchange Web Services, judged by Microsoft's schemas."""
