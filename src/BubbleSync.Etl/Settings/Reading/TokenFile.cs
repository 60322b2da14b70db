using System.Text;
using static System.FormattableString;

namespace BubbleSync.Etl.Settings.Reading;

/// <summary>Reads the token from its file. No message quotes the content.</summary>
internal static class TokenFile
{
    // A token has some dozens of characters; a larger file is another one.
    private const int MostBytes = 16 * 1024;

    /// <summary>Returns the settings with the token from its file, if they name one.</summary>
    /// <exception cref="SyncException">The file cannot be read any more: without a token Bubble would show another part of the app.</exception>
    public static BubbleSettings Resolve(BubbleSettings settings)
    {
        if (settings.ApiTokenFile is not { } path)
            return settings;

        var (token, fault) = Read(path);
        return fault is null
            ? settings with { ApiToken = token, ApiTokenFile = null }
            : throw new SyncException(new SettingFault("Bubble:ApiTokenFile", fault).ToError());
    }

    /// <summary>Reads a file; white space at the ends of the token is cut.</summary>
    public static (string? Token, string? Fault) Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            using var reader = new StreamReader(file, Encoding.UTF8);
            var content = new char[MostBytes + 1];
            var length = reader.ReadBlock(content);
            var token = new string(content, 0, length).Trim();
            return length > MostBytes ? (null, Invariant($"file '{path}' is larger than {MostBytes >> 10} KB, so it is not the file of a token."))
                : token.Length == 0 ? (null, $"file '{path}' is empty. Write the token into it, and nothing else.")
                : (token, null);
        }
        catch (FileNotFoundException)
        {
            return (null, $"there is no file '{path}'. Create it with the token in it, or fix the name.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return (null, $"file '{path}' cannot be read: {unreadable.Message}");
        }
    }
}
