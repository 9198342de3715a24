"""The storm-water pump house at the canal: a hall over a wet well and a pump pit."""
