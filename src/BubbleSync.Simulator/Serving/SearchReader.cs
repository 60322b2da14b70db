using System.Globalization;
using System.Text.Json;
using BubbleSync.Simulator.Searching;
using BubbleSync.Simulator.Storage;
using Microsoft.AspNetCore.Http;
using SortKey = BubbleSync.Simulator.Searching.SortKey;

namespace BubbleSync.Simulator.Serving;

/// <summary>Reads a search from the query of a list request; refuses what Bubble would refuse.</summary>
internal static class SearchReader
{
    public static Search Read(IQueryCollection query, TypeStore store, bool withConstraints)
    {
        var constraints = withConstraints ? query["constraints"].ToString() : "";
        var (sort, descending, more) = (query["sort_field"].ToString(), query["descending"].ToString(), query["additional_sort_fields"].ToString());
        return new($"{constraints}\n{sort}\n{descending}\n{more}", Conditions(constraints, store), [.. Order(sort, descending, more, store)]);
    }

    public static long Number(IQueryCollection query, string name, long otherwise)
    {
        var text = query[name].ToString();
        if (text.Length == 0)
            return otherwise;

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Refusal.Bad($"Expected a number for {name}");
    }

    private static List<Condition> Conditions(string constraints, TypeStore store)
    {
        if (constraints.Length == 0)
            return [];

        using var document = Parse(constraints, "constraints");
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            throw Refusal.Bad("constraints is not a list");

        return [.. document.RootElement.EnumerateArray().Select(constraint => ConditionOf(constraint, store))];
    }

    private static Condition ConditionOf(JsonElement constraint, TypeStore store)
    {
        if (constraint.ValueKind != JsonValueKind.Object || Text(constraint, "key") is not { } key || Text(constraint, "constraint_type") is not { } name)
            throw Refusal.Bad("A constraint needs a key and a constraint_type");

        var field = store.Fields.Find(key) ?? throw Refusal.UnknownField(key);
        if (!ConditionType.All.TryGetValue(name, out var type) || !type.IsFor(field))
            throw Refusal.MissingConstraint(name, field.Id, store.Url);

        var operands = Operands(constraint, type.Value).Select(value =>
            Operand.From(field.IsList ? field with { Type = "text" } : field, value) ?? throw Refusal.Bad($"Invalid value for field {field.Id}")).ToList();
        return new(field, name, operands, view => type.Matches(view, field, operands));
    }

    private static JsonElement[] Operands(JsonElement constraint, ConditionValue wanted)
    {
        if (wanted == ConditionValue.None)
            return [];

        if (!constraint.TryGetProperty("value", out var value) || (wanted == ConditionValue.Many) != (value.ValueKind == JsonValueKind.Array))
            throw Refusal.Bad(wanted == ConditionValue.Many ? "This constraint needs a list of values" : "This constraint needs a value");

        return wanted == ConditionValue.Many ? [.. value.EnumerateArray()] : [value];
    }

    private static IEnumerable<SortKey> Order(string first, string descending, string more, TypeStore store)
    {
        if (first.Length > 0)
            yield return new(FieldOf(first, store), descending.Equals("true", StringComparison.OrdinalIgnoreCase));
        if (more.Length == 0)
            yield break;

        using var document = Parse(more, "additional_sort_fields");
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            throw Refusal.Bad("additional_sort_fields is not a list");

        foreach (var key in document.RootElement.EnumerateArray())
        {
            if (key.ValueKind != JsonValueKind.Object || Text(key, "sort_field") is not { } name)
                throw Refusal.Bad("additional_sort_fields needs a sort_field");

            yield return new(FieldOf(name, store), "true".Equals(Text(key, "descending"), StringComparison.OrdinalIgnoreCase));
        }
    }

    private static Generation.Field FieldOf(string key, TypeStore store) =>
        store.Fields.Find(key) is { IsList: false } field ? field : throw Refusal.Bad($"Invalid sort field: {key}");

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static JsonDocument Parse(string json, string name)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            throw Refusal.Bad($"Could not parse as JSON: {name}");
        }
    }
}
