using System.Text.Json;
using BubbleSync.Etl.Words;
using static System.FormattableString;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Reads the setting <c>Schedules</c>: a list of objects in a settings file.</summary>
internal static class SchedulesReader
{
    /// <summary>The name of the setting.</summary>
    public const string Name = "Schedules";

    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads the list; whatever is wrong with it is added to <paramref name="faults"/>.</summary>
    public static IReadOnlyList<ScheduleSettings> Read(string text, string origin, ICollection<SyncError> faults)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                var items = document.RootElement.EnumerateArray().Index().Select(item => Schedule(item.Item, item.Index, origin, faults));
                return [.. items.OfType<ScheduleSettings>()];
            }
        }
        catch (JsonException)
        {
            // A text from elsewhere than a file.
        }

        faults.Add(new SettingFault(Name, "a list of objects with 'kind' and 'cron' is expected.").ToError(origin));
        return [];
    }

    private static ScheduleSettings? Schedule(JsonElement item, int index, string origin, ICollection<SyncError> faults)
    {
        var place = Invariant($"{Name}[{index}]");
        if (item.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new SettingFault(place, "an object is expected.").ToError(origin));
            return null;
        }

        var node = new ConfigNode(item, origin, place, faults);
        _ = node.RequiredText("kind");
        var schedule = new ScheduleSettings
        {
            Kind = (ScheduledKind)(node.Choice("kind", [.. Word.All<ScheduledKind>()]) ?? 0),
            Cron = node.RequiredText("cron"),
            TimeZone = node.Text("timeZone") ?? "UTC",
            Entities = node.Texts("entities"),
            Prune = (PruneMode)(node.Choice("prune", [.. Word.All<PruneMode>()]) ?? (int)PruneMode.Report),
        };
        node.Close();
        return schedule;
    }
}
