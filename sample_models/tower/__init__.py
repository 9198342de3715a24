"""The residential tower: 24 storeys of flats on two basement storeys with a car park."""
