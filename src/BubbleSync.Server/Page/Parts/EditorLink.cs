namespace BubbleSync.Server.Page.Parts;

/// <summary>Addresses in the Bubble editor. The app's name is known only where the app is reached by its own address of Bubble's.</summary>
internal static class EditorLink
{
    private const string Host = ".bubbleapps.io";

    /// <summary>Returns the address of the records of a type in the editor; null where it is not known.</summary>
    /// <param name="baseUrl">The address of the Data API.</param>
    /// <param name="bubbleType">The type.</param>
    public static string? Of(Uri? baseUrl, string bubbleType)
    {
        if (baseUrl is null || !baseUrl.Host.EndsWith(Host, StringComparison.OrdinalIgnoreCase))
            return null;

        var (app, type) = (baseUrl.Host[..^Host.Length], Uri.EscapeDataString(bubbleType));
        var version = baseUrl.AbsolutePath.Contains("/version-test/", StringComparison.Ordinal) ? "&version=test" : "";
        return $"https://bubble.io/page?id={app}&tab=Data&subtab=App+Data&type_id={type}{version}";
    }
}
