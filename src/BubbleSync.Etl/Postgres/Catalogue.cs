using BubbleSync.Etl.Postgres.Columns;

namespace BubbleSync.Etl.Postgres;

/// <summary>The content of the target schema in the database.</summary>
/// <param name="Schema">Its name.</param>
/// <param name="Tables">Its tables by name.</param>
internal sealed record Catalogue(string Schema, IReadOnlyDictionary<string, TableInfo> Tables)
{
    /// <summary>Names that belong to something other than a table, with its kind: <c>view</c>, <c>foreign table</c>.</summary>
    public IReadOnlyDictionary<string, string> Others { get; init; } = new Dictionary<string, string>();
}

/// <summary>A table in the catalogue.</summary>
/// <param name="Name">Its name, without schema.</param>
/// <param name="Columns">Its columns by name.</param>
/// <param name="UniqueColumns">The columns that alone have a full, valid, unique index.</param>
/// <param name="ForeignKeys">Its foreign keys of one column, by column.</param>
/// <param name="CompositeKeys">Its foreign keys of several columns, by name.</param>
internal sealed record TableInfo(
    string Name,
    IReadOnlyDictionary<string, ColumnInfo> Columns,
    IReadOnlySet<string> UniqueColumns,
    ILookup<string, ForeignKeyInfo> ForeignKeys,
    IReadOnlyList<string> CompositeKeys)
{
    /// <summary>The users' triggers on inserts, updates and deletes, those of its partitions included; mostly none.</summary>
    public IReadOnlyList<TriggerInfo> Triggers { get; init; } = [];

    /// <summary>Whether any table of the database has triggers: one of them may write rows of this table.</summary>
    public bool MayBeStamped { get; init; }
}

/// <summary>A trigger in the catalogue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="KeepsInserts">Whether it fires before each insert, which it can suppress.</param>
/// <param name="KeepsUpdates">Whether it fires before each update, which it can suppress.</param>
/// <param name="Source">The text of its function and its arguments, where it fires before each insert; empty otherwise.</param>
internal sealed record TriggerInfo(string Name, bool KeepsInserts, bool KeepsUpdates, string Source);

/// <summary>A column in the catalogue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type below all domains, without modifiers, as <see cref="ColumnTypes"/> names it: <c>character varying</c>, <c>text[]</c>.</param>
/// <param name="FullType">The type with modifiers: <c>character varying(50)</c>.</param>
/// <param name="Length">Most characters of a text, or null.</param>
/// <param name="Precision">Digits of a numeric, or of a timestamp's second, or null.</param>
/// <param name="Scale">Digits after the point of a numeric, or null.</param>
/// <param name="IsRequired">Whether it refuses NULL.</param>
/// <param name="IsComputed">Whether the database alone writes it (generated, identity always).</param>
/// <param name="Default">The default's expression, or null.</param>
internal sealed record ColumnInfo(
    string Name, string Type, string FullType, int? Length, int? Precision, int? Scale, bool IsRequired, bool IsComputed, string? Default)
{
    /// <summary>Its number in the table (<c>attnum</c>): a column that is dropped and added again gets another one.</summary>
    public int Number { get; init; }

    /// <summary>The name of the domain that the column's type is, or null; <see cref="Type"/> is then the type below it.</summary>
    public string? Domain { get; init; }

    /// <summary>The type below all domains, with modifiers, as PostgreSQL writes it.</summary>
    public string BaseType { get; init; } = FullType;

    /// <summary>The labels of an enum, in its order; null for any other type.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Objects that prevent, or may prevent, another type of the column: views, generated columns, checks and others; mostly none.</summary>
    public IReadOnlyList<string> Dependents { get; init; } = [];

    /// <summary>Views of the program's own that use the column, quoted. They may be dropped; mostly none.</summary>
    public IReadOnlyList<string> OwnViews { get; init; } = [];

    /// <summary>The type as messages name it: with the type below a domain.</summary>
    public string Described => Domain is null ? FullType : $"{FullType} (a domain over {BaseType})";

    /// <summary>Whether the column is an identity that only the database numbers.</summary>
    public bool IsIdentityAlways { get; init; }

    /// <summary>Whether the column is an identity of either kind.</summary>
    public bool IsIdentity { get; init; }

    /// <summary>Whether the column is generated and its values are stored.</summary>
    public bool IsStored { get; init; }

    /// <summary>Whether a row without a given value gets the next number of a sequence.</summary>
    public bool IsNumbered => IsIdentityAlways || (Default?.Contains("nextval(", StringComparison.Ordinal) ?? false);
}

/// <summary>Where a foreign key of one column points to.</summary>
internal sealed record ForeignKeyInfo(string Constraint, string Schema, string Table, string Column);
