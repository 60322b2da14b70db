using System.Text.Json.Nodes;

namespace BubbleSync.Tests.Simulator;

/// <summary>Short ways into answers.</summary>
internal static class Reading
{
    public static IReadOnlyList<JsonObject> Rows(this JsonObject page) => [.. page["results"]!.AsArray().Select(row => row!.AsObject())];

    public static int Count(this JsonObject page) => page["count"]!.GetValue<int>();

    public static int Remaining(this JsonObject page) => page["remaining"]!.GetValue<int>();

    public static string Id(this JsonObject row) => row["_id"]!.GetValue<string>();

    public static IReadOnlyList<string> Ids(this IEnumerable<JsonObject> rows) => [.. rows.Select(Id)];

    public static string Created(this JsonObject row) => row["Created Date"]!.GetValue<string>();
}
