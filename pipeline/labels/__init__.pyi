from .attributes import attribute_table as attribute_table
from .query import selected as selected
