using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Reports;

/// <summary>Every type that is written or read as JSON. The code for it is generated at build time: a native program can look up no members.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(InvoiceSyncReport))]
[JsonSerializable(typeof(RecordSyncReport))]
[JsonSerializable(typeof(RangeSyncReport))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(ValueAuditReport))]
[JsonSerializable(typeof(FieldAuditReport))]
[JsonSerializable(typeof(SchemaAuditReport))]
[JsonSerializable(typeof(LinkAuditReport))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(WatermarkResetReport))]
[JsonSerializable(typeof(PlanReport))]
[JsonSerializable(typeof(PreviewReport))]
[JsonSerializable(typeof(GraphReport))]
[JsonSerializable(typeof(ScaffoldReport))]
[JsonSerializable(typeof(SchemaReport))]
[JsonSerializable(typeof(DbtReport))]
[JsonSerializable(typeof(MirrorReport))]
[JsonSerializable(typeof(IReadOnlyList<RunListing>))]
[JsonSerializable(typeof(IReadOnlyList<MappedEntity>))]
[JsonSerializable(typeof(IReadOnlyList<KeptFieldAudit>))]
[JsonSerializable(typeof(RunProgress))]
[JsonSerializable(typeof(IAsyncEnumerable<ActivityLine>))]
[JsonSerializable(typeof(IAsyncEnumerable<RejectedField>))]
[JsonSerializable(typeof(ResyncOptions))]
[JsonSerializable(typeof(IncrementalOptions))]
[JsonSerializable(typeof(VerifyOptions))]
[JsonSerializable(typeof(ValueAuditOptions))]
[JsonSerializable(typeof(RecordedInvoices))]
[JsonSerializable(typeof(RecordedRecords))]
[JsonSerializable(typeof(RecordedRange))]
[JsonSerializable(typeof(RecordedReprocessing))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class ReportTypes : JsonSerializerContext;
