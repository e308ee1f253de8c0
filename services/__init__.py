"""The services under the roof: each is given what it needs and knows no other."""
