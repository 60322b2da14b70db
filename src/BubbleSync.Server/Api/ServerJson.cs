using System.Text.Json.Serialization;
using BubbleSync.Server.Runs;
using Microsoft.AspNetCore.Mvc;

namespace BubbleSync.Server.Api;

/// <summary>Every type that the API reads or writes, beside the results of the library. The code is generated at build time.</summary>
[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunOrder))]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(AcceptedRun))]
[JsonSerializable(typeof(RunPage))]
[JsonSerializable(typeof(AppView))]
[JsonSerializable(typeof(IReadOnlyList<AppView>))]
[JsonSerializable(typeof(Change))]
[JsonSerializable(typeof(RangeCount))]
[JsonSerializable(typeof(SchemaChange))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(HttpValidationProblemDetails))]
[JsonSerializable(typeof(IReadOnlyList<BubbleSync.Etl.SyncError>))]
[JsonSerializable(typeof(BubbleSync.Etl.Reports.Severity?))]
// Blazor lists its scripts so.
[JsonSerializable(typeof(IList<string>))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(Guid))]
[JsonSerializable(typeof(Guid?))]
[JsonSerializable(typeof(DateTimeOffset))]
[JsonSerializable(typeof(DateTimeOffset?))]
internal sealed partial class ServerJson : JsonSerializerContext;
