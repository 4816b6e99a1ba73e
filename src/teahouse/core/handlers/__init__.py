"""What each command means: one module a subject, one function a command."""
