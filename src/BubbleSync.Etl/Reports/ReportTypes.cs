using System.Text.Json.Serialization;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Reports;

/// <summary>The types that every run writes as JSON, generated at build time, so that a run needs no reflection for them.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(ResyncOptions))]
[JsonSerializable(typeof(EntityProof))]
internal sealed partial class ReportTypes : JsonSerializerContext;
