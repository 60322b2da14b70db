using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Storage;
using static System.FormattableString;

namespace BubbleSync.Simulator.Faults;

/// <summary>Puts the odd records that faults ask for among the generated ones, before the first request.</summary>
internal static class Seeding
{
    // In this order, over and over; README.md has the same list.
    private static readonly Func<TypeStore, int, string, string>[] Bad =
    [
        (store, _, id) => Unconvertible(store, id),
        (store, _, _) => Record(store, "\"no id\"", null),
        (store, number, _) => Record(store, "\"malformed id\"", Invariant($"bad id {number}")),
        (store, _, id) => Record(store, """
            "nul\u0000inside"
            """, id),
        (store, _, id) => Record(store, """
            "lone\ud83dsurrogate"
            """, id),
    ];

    public static void Plant(Library library, FaultSettings faults, int seed)
    {
        foreach (var store in library.All)
        {
            if (faults.Names("empty", store.Url))
                store.Clear();
            for (var number = 0; number < (faults.Number("undated", store.Url) ?? 0); number++)
                Put(store, Record(store, "\"undated\"", NewId(store, seed, "undated", number)).Replace(Created, "", StringComparison.Ordinal));
            for (var number = 0; number < (faults.Number("bad-records", store.Url) ?? 0); number++)
                Put(store, Bad[number % Bad.Length](store, number, NewId(store, seed, "bad", number)));
            for (var number = 0; number < Math.Min(store.Count / 2, faults.Number("twins", store.Url) ?? 0); number++)
                store.PutTwin(Encoding.UTF8.GetBytes(store.Json(store.At(number * 2)!.Value)));
        }
    }

    private const string Created = "\"Created Date\":\"2026-05-05T05:05:05.555Z\",";

    private static void Put(TypeStore store, string json) => store.Put(Encoding.UTF8.GetBytes(json));

    private static string NewId(TypeStore store, int seed, string purpose, int number) =>
        new RecordId(1_777_957_505_555, RecordId.AnySuffix(Mix.Of(Mix.Key(seed, purpose + store.Url), number))).ToString();

    private static string Record(TypeStore store, string text, string? id)
    {
        var field = store.Fields.Fields.First(field => field is { Type: "text", IsBuiltIn: false });
        var last = id is null ? "" : string.Create(CultureInfo.InvariantCulture, $",\"_id\":\"{id}\"");
        var clocks = $"\"Modified Date\":\"2026-05-06T06:06:06.666Z\",{Created}";
        return $$"""{{{clocks}}"Created By":"admin_user_simulator_test","{{Key(store, field)}}":{{text}}{{last}}}""";
    }

    // A type without numbers gets an impossible Modified Date.
    private static string Unconvertible(TypeStore store, string id)
    {
        var record = Record(store, "\"does not convert\"", id);
        return store.Fields.Fields.FirstOrDefault(field => field.Type == "number") is { } number
            ? $"{record[..^1]},\"{Key(store, number)}\":\"twelve\"}}"
            : record.Replace("2026-05-06T06:06:06.666Z", "yesterday", StringComparison.Ordinal);
    }

    private static string Key(TypeStore store, Field field) => JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(store.Fields.KeyOf(field));
}
