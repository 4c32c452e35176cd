"""Stands up, updates and audits what ISIC 521129 demands of an online messaging operator's machines."""

__version__ = "0.1.0"
