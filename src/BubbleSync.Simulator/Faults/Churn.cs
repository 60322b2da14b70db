using System.Text.Json;
using System.Text.Json.Nodes;
using BubbleSync.Simulator.Generation;
using BubbleSync.Simulator.Serving;
using BubbleSync.Simulator.Storage;

namespace BubbleSync.Simulator.Faults;

/// <summary>Changes records while they are being read, as the users of a live app do.</summary>
internal static class Churn
{
    public static void Stir(TypeStore store, RecordEditor editor, FaultSettings faults, ulong dice)
    {
        if (faults.Strikes("churn:insert"))
            editor.Create(store, Change(store, dice));
        if (faults.Strikes("churn:edit") && Anyone(store, dice) is { } edited)
            editor.Patch(store, edited, Change(store, dice));
        if (faults.Strikes("churn:delete") && Anyone(store, Mix.Of(dice)) is { } deleted)
            store.Delete(deleted);
    }

    private static JsonObject Change(TypeStore store, ulong dice) =>
        store.Fields.Fields.FirstOrDefault(field => field is { Type: "text", IsBuiltIn: false }) is { } text
            ? new() { [store.Fields.KeyOf(text)] = $"churned {dice % 1000}" }
            : [];

    private static string? Anyone(TypeStore store, ulong dice)
    {
        if (store.At(Mix.Below(dice, store.Count)) is not { } place)
            return null;

        using var record = JsonDocument.Parse(store.Json(place));
        return record.RootElement.TryGetProperty("_id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
    }
}
