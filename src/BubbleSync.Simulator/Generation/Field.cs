using System.Text;

namespace BubbleSync.Simulator.Generation;

/// <summary>
/// One field of a Bubble type: its display name, its type as <c>/meta</c> names it, in how many of a thousand records it is filled,
/// and what writes a value (false: there is none, leave the field out).
/// </summary>
internal sealed record Field(string Name, string Type, int PerMille, Func<Draft, bool> Write)
{
    private static readonly HashSet<string> BuiltIn = ["_id", "Created Date", "Modified Date", "Created By", "Slug", "authentication", "user_signed_up"];

    /// <summary>The database id of the field, such as <c>linked_customer_custom_customer_profile</c>.</summary>
    public string Id { get; } = IdOf(Name, Type);

    /// <summary>The name as documentation writes it in constraints: lower case, no spaces.</summary>
    public string Squashed { get; } = Name.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();

    public bool IsBuiltIn => Name is "_id" or "Created Date" or "Modified Date" or "Created By";

    public bool IsList => Type.StartsWith("list.", StringComparison.Ordinal);

    public byte[] NameKey { get; } = Encoding.UTF8.GetBytes($"\"{Name}\":");

    public byte[] IdKey { get; } = Encoding.UTF8.GetBytes($"\"{IdOf(Name, Type)}\":");

    private static string IdOf(string name, string type)
    {
        if (BuiltIn.Contains(name))
            return name;

        var id = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterOrDigit(letter))
                id.Append(char.ToLowerInvariant(letter));
            else if (id.Length > 0 && id[^1] != '_')
                id.Append('_');
        }

        return $"{id.ToString().TrimEnd('_')}_{type.Replace('.', '_')}";
    }
}
