from .attribute_statistics import AttributeStatistics as AttributeStatistics
from .labels import Labels as Labels
