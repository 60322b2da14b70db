using System.Text.Json.Serialization;
using BubbleSync.Etl.Settings;

namespace BubbleSync.Etl.Reports;

/// <summary>What every run writes as JSON, with its members known at build time, so that a run need not look them up; of all else they are looked up.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(ResyncOptions))]
[JsonSerializable(typeof(EntityProof))]
internal sealed partial class ReportTypes : JsonSerializerContext;
