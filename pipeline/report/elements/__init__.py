"""Parts shared by figures and sections: entries, tables, style."""
