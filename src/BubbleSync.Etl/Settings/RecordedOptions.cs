namespace BubbleSync.Etl.Settings;

/// <summary>What <c>bubblesync.run</c> keeps of the options of a sync of invoices.</summary>
internal sealed record RecordedInvoices(IReadOnlyList<string> Ids, bool Force, bool SkipUsers, bool SkipAgents);

/// <summary>What it keeps of those of a sync of records.</summary>
internal sealed record RecordedRecords(string Entity, IReadOnlyList<string> Ids, bool Force);

/// <summary>What it keeps of those of a sync of a range.</summary>
internal sealed record RecordedRange(string Entity, DateTimeOffset From, DateTimeOffset To, bool Force);

/// <summary>What it keeps of those of a run that loads rejected records again.</summary>
internal sealed record RecordedReprocessing(Guid Of, bool Force);
