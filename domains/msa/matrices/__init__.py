"""Similarities of amino acids, as text."""
