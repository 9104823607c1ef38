"""How a scheduler or worker is: heartbeat, metrics, health pages, systemd."""
