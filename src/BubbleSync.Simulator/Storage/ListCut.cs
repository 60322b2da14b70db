using System.Text;
using System.Text.Json.Nodes;

namespace BubbleSync.Simulator.Storage;

/// <summary>Cuts the lists of a record to a length, as Bubble's shared clusters may do; a record with short lists stays as it is.</summary>
internal static class ListCut
{
    public static byte[] Apply(byte[] json, int longest)
    {
        var record = JsonNode.Parse(json)!.AsObject();
        var tooLong = record.Select(pair => pair.Value).OfType<JsonArray>().Where(list => list.Count > longest).ToList();
        if (tooLong.Count == 0)
            return json;

        foreach (var list in tooLong)
            list.RemoveRange(longest, list.Count - longest);
        return Encoding.UTF8.GetBytes(record.ToJsonString());
    }
}
