using System.Globalization;

namespace BubbleSync.Tests.Survival;

/// <summary>Cultures of host programs: those of the system, or made by hand where the machine has none.</summary>
internal static class HostCulture
{
    /// <summary>Returns the culture; <c>made</c> is one with every separator and sign unlike the invariant ones.</summary>
    public static CultureInfo Of(string name)
    {
        try
        {
            return name == "made" ? Make() : CultureInfo.GetCultureInfo(name, predefinedOnly: true);
        }
        catch (CultureNotFoundException)
        {
            return Make();
        }
    }

    private static CultureInfo Make()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.DateTimeFormat.TimeSeparator, culture.DateTimeFormat.DateSeparator) = (".", "_");
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator) = (",", "\u00A0");
        (culture.NumberFormat.NegativeSign, culture.TextInfo.ListSeparator) = ("\u2212", ";");
        return culture;
    }
}
