using System.Text;

namespace BubbleSync.Etl.Mapping;

/// <summary>The normalised form of a Bubble name.</summary>
internal static class FieldName
{
    /// <summary>Lower case; runs of anything but letters and digits become one <c>_</c>; ends trimmed: <c>1st Payment %</c> is <c>1st_payment</c>.</summary>
    public static string Normalise(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var letter in name)
        {
            if (char.IsLetterOrDigit(letter))
                text.Append(char.ToLowerInvariant(letter));
            else if (text.Length > 0 && text[^1] != '_')
                text.Append('_');
        }

        return text.ToString().TrimEnd('_');
    }
}
