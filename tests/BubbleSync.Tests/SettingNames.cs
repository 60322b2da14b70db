using BubbleSync.Etl.Settings;

namespace BubbleSync.Tests;

/// <summary>The settings as the library's records have them: the one list that README, shipped file, schema and reader are held against.</summary>
internal static class SettingNames
{
    /// <summary>Every setting (<c>Section:Name</c>) with its default, in the order of the records.</summary>
    public static IEnumerable<(string Name, object? Value)> Defaults() => Values(new SyncSettings());

    /// <summary>Every setting with the value it has.</summary>
    public static IEnumerable<(string Name, object? Value)> Values(SyncSettings settings) =>
        from section in typeof(SyncSettings).GetProperties()
        where section.Name != nameof(SyncSettings.Schedules)
        from setting in section.PropertyType.GetProperties()
        select ($"{section.Name}:{setting.Name}", setting.GetValue(section.GetValue(settings)));
}
