"""Lienzo: a self-hosted Midjourney for Discord, on any image model."""
