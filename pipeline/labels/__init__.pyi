from .attribute_statistics import AttributeStatistics as AttributeStatistics
from .labels import Labels as Labels
from .splits import assigned_splits as assigned_splits
