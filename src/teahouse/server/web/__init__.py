"""The doors that begin with HTTP: the small web application, its guard, and the WebSocket."""
