using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BubbleSync.Etl.Words;

/// <summary>
/// The words by which the members of our enums are written: in JSON, CSV, the control tables, log lines and on the command line. A word is the member's name
/// in kebab case, unless the member has a <see cref="JsonStringEnumMemberNameAttribute"/>.
/// </summary>
public static class Word
{
    // Trimming and native compilation keep the fields of such a type, from which the words are read.
    internal const DynamicallyAccessedMemberTypes Needed = DynamicallyAccessedMemberTypes.PublicFields;

    /// <summary>Returns the word of a member.</summary>
    public static string Of<[DynamicallyAccessedMembers(Needed)] T>(T member)
        where T : struct, Enum => Words<T>.OfMember[member];

    /// <summary>Returns the words of all members, in their order.</summary>
    public static IReadOnlyList<string> All<[DynamicallyAccessedMembers(Needed)] T>()
        where T : struct, Enum => Words<T>.All;

    /// <summary>
    /// Returns the member that a word stands for. For a word that this version does not know, it is the member with <see cref="UnknownWordAttribute"/>.
    /// </summary>
    /// <exception cref="FormatException">No member has this word, and none stands for unknown ones.</exception>
    public static T Parse<[DynamicallyAccessedMembers(Needed)] T>(string word)
        where T : struct, Enum =>
        Words<T>.OfWord.TryGetValue(word, out var member) ? member
        : Words<T>.ForUnknown ?? throw new FormatException($"'{word}' is none of {string.Join(", ", Words<T>.All)}.");

    /// <summary>The words of one enum, read once.</summary>
    private static class Words<[DynamicallyAccessedMembers(Needed)] T>
        where T : struct, Enum
    {
        public static readonly FrozenDictionary<T, string> OfMember;
        public static readonly FrozenDictionary<string, T> OfWord;
        public static readonly IReadOnlyList<string> All;
        public static readonly T? ForUnknown;

        static Words()
        {
            var fields = Enum.GetValues<T>().Select(m => (Member: m, Field: typeof(T).GetField(Enum.GetName(m)!)!)).ToList();
            OfMember = fields.ToFrozenDictionary(f => f.Member, f => WordOf(f.Field));
            OfWord = OfMember.ToFrozenDictionary(w => w.Value, w => w.Key);
            All = [.. fields.Select(f => OfMember[f.Member])];
            ForUnknown = fields.Where(f => f.Field.IsDefined(typeof(UnknownWordAttribute))).Select(f => (T?)f.Member).FirstOrDefault();
        }

        private static string WordOf(FieldInfo field) =>
            field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? JsonNamingPolicy.KebabCaseLower.ConvertName(field.Name);
    }
}

/// <summary>Marks the member that a reader takes for a word of another version.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class UnknownWordAttribute : Attribute;
