using System.Text;
using System.Text.Json.Serialization;
using BubbleSync.Etl.Words;

namespace BubbleSync.Etl.Reports;

/// <summary>Bubble's types and fields against maps and tables.</summary>
/// <param name="Source">Where the fields come from.</param>
/// <param name="Entities">How much of each type is mapped, in the order of the maps.</param>
/// <param name="Findings">What does not agree, sorted by entity, finding, field and column; none where all is well.</param>
/// <param name="Ddl">A script of the additions that close the gaps, with changes that are none as comments.</param>
/// <param name="Applied">How many statements of it were run.</param>
/// <param name="WrittenMaps">The map files that gained lines, with their paths.</param>
public sealed record SchemaAuditReport(
    SchemaSource Source, IReadOnlyList<SchemaAuditedEntity> Entities, IReadOnlyList<SchemaFinding> Findings, string Ddl, int Applied,
    IReadOnlyList<string> WrittenMaps)
{
    /// <summary>
    /// Whether anything differed that asks for action, what this audit itself has closed included; a field that the map keeps or ignores does not count. In no
    /// JSON.
    /// </summary>
    [JsonIgnore]
    public bool HasDrift => Findings.Any(f => f.Finding != SchemaFindingKind.FieldKept);

    /// <summary>What a user should know of the audit itself, for example that the app's description could not be read.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What to do now, the gravest first; none where all is well. In no JSON.</summary>
    [JsonIgnore]
    public IReadOnlyList<NextAction> NextActions => Reports.NextActions.After(this);

    /// <summary>The place that was looked at.</summary>
    public TargetPlace? Target { get; init; }

    /// <summary>The report as one JSON document.</summary>
    public string ToJson() => ReportJson.Write(this);

    /// <summary>Writes the findings as CSV with the head <c>entity,bubble_type,bubble_field,column,type,finding,message,ddl</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="excel">Whether spreadsheets keep every text as it is; the file then begins with a byte order mark.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SyncException">The file cannot be written.</exception>
    public Task WriteCsvAsync(string path, bool excel, CancellationToken cancellationToken) => CsvFile.WriteAsync(
        path,
        new CsvHead("entity", "bubble_type", "bubble_field", "column", "type", "finding", "message", "ddl"),
        Findings.Select(f => (IReadOnlyList<string>)[f.Entity, f.BubbleType, f.BubbleField, f.Column, f.Type, Word.Of(f.Finding), f.Message, f.Ddl ?? ""])
            .ToAsyncEnumerable(),
        excel ? CsvTexts.Excel : CsvTexts.Guarded,
        cancellationToken);

    /// <summary>Writes the script.</summary>
    /// <exception cref="SyncException">The file cannot be written.</exception>
    public Task WriteDdlAsync(string path, CancellationToken cancellationToken) =>
        ReportFile.WriteAsync(path, "--ddl", file => file.WriteAsync(Encoding.UTF8.GetBytes(Ddl), cancellationToken).AsTask());
}

/// <summary>How much of one type is mapped.</summary>
/// <param name="Name">The entity.</param>
/// <param name="BubbleType">The type, as the map names it.</param>
/// <param name="Fields">Fields that Bubble has, without those that the map ignores.</param>
/// <param name="Mapped">Of these, fields that a line of the map reads.</param>
public sealed record SchemaAuditedEntity(string Name, string BubbleType, int Fields, int Mapped);

/// <summary>One thing that does not agree.</summary>
/// <param name="Entity">The entity; empty for a type that no map names.</param>
/// <param name="BubbleType">The Bubble type.</param>
/// <param name="BubbleField">The field as Bubble names it, or empty.</param>
/// <param name="Column">The column, the one proposed, or the one that keeps unmapped fields; or empty.</param>
/// <param name="Type">What the field holds in Bubble's words, or empty.</param>
/// <param name="Finding">What kind of thing it is.</param>
/// <param name="Message">The same in words, with what to do.</param>
/// <param name="Ddl">The statement that closes the gap, where it is one.</param>
public sealed record SchemaFinding(
    string Entity, string BubbleType, string BubbleField, string Column, string Type, SchemaFindingKind Finding, string Message, string? Ddl);
