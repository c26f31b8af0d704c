"""Which images are kept: rules of age, number and bytes."""
