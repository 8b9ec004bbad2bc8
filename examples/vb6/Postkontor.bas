Attribute VB_Name = "PostkontorModule"
' Declarations and the few conversions that Visual Basic 6 (and VBA of 32 bit) needs for postkontor.dll.
'
' Text crosses the border as UTF-8, so it goes in as a byte array: declare nothing "ByVal As String", which would be turned into
' the system's code page. Handles are Longs. include\postkontor.h is the manual.
'
' Written after the documentation of Visual Basic; there is no compiler for it where Postkontor is built, so this was not run.
Option Explicit

Public Const POSTKONTOR_OK As Long = 0
Public Const POSTKONTOR_ARGUMENT As Long = 1
Public Const POSTKONTOR_SETTINGS As Long = 2
Public Const POSTKONTOR_AUTH As Long = 5
Public Const POSTKONTOR_TIMEOUT As Long = 8
Public Const POSTKONTOR_CANCELLED As Long = 9
Public Const POSTKONTOR_LATER As Long = 11
Public Const POSTKONTOR_PARTIAL As Long = 12
Public Const POSTKONTOR_UNCERTAIN As Long = 13

' Actions on a received message.
Public Const POSTKONTOR_KEEP As Long = 0
Public Const POSTKONTOR_SEEN As Long = 1
Public Const POSTKONTOR_DELETE As Long = 2
Public Const POSTKONTOR_STOP As Long = 3

Public Type PostkontorBuf
    Data As Long
    Length As Long
End Type

Public Type PostkontorSlice
    Data As Long
    Length As Long
End Type

Public Type PostkontorCallbacks
    Size As Long
    User As Long
    Log As Long
    Progress As Long
    SecretGet As Long
    SecretPut As Long
    Step As Long
End Type

Public Declare Sub postkontor_buf_free Lib "postkontor.dll" (ByRef Buf As PostkontorBuf)
Public Declare Function postkontor_host_open Lib "postkontor.dll" _
    (ByRef Config As Byte, ByRef Callbacks As PostkontorCallbacks, ByRef Host As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_host_close Lib "postkontor.dll" (ByVal Host As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_host_transports Lib "postkontor.dll" (ByVal Host As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_host_discover Lib "postkontor.dll" _
    (ByVal Host As Long, ByRef Address As Byte, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_open Lib "postkontor.dll" _
    (ByVal Host As Long, ByRef Settings As Byte, ByVal Id As Long, ByRef Account As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_close Lib "postkontor.dll" (ByVal Account As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_test Lib "postkontor.dll" _
    (ByVal Account As Long, ByVal Request As Long, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_authorize Lib "postkontor.dll" _
    (ByVal Account As Long, ByRef Request As Byte, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_send Lib "postkontor.dll" _
    (ByVal Account As Long, ByRef Message As Byte, ByRef Parts As PostkontorSlice, ByVal Count As Long, ByVal Cancel As Long, _
     ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_list Lib "postkontor.dll" _
    (ByVal Account As Long, ByRef Request As Byte, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_receive Lib "postkontor.dll" _
    (ByVal Account As Long, ByRef Request As Byte, ByVal Received As Long, ByVal User As Long, ByVal Cancel As Long, _
     ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_apply Lib "postkontor.dll" _
    (ByVal Account As Long, ByRef Request As Byte, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_outbox_open Lib "postkontor.dll" _
    (ByVal Host As Long, ByRef Settings As Byte, ByVal Cancel As Long, ByRef Outbox As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_outbox_close Lib "postkontor.dll" (ByVal Outbox As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_outbox_put Lib "postkontor.dll" _
    (ByVal Outbox As Long, ByRef Mails As Byte, ByRef Parts As PostkontorSlice, ByVal Count As Long, ByVal Cancel As Long, _
     ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_outbox_work Lib "postkontor.dll" _
    (ByVal Outbox As Long, ByRef Request As Byte, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_outbox_query Lib "postkontor.dll" _
    (ByVal Outbox As Long, ByRef Request As Byte, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_outbox_act Lib "postkontor.dll" _
    (ByVal Outbox As Long, ByRef Request As Byte, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_message_part Lib "postkontor.dll" _
    (ByVal Message As Long, ByRef Request As Byte, ByVal Write_ As Long, ByVal User As Long, ByRef Out As PostkontorBuf) As Long

Private Declare Function MultiByteToWideChar Lib "kernel32" _
    (ByVal CodePage As Long, ByVal Flags As Long, ByVal Bytes As Long, ByVal Length As Long, ByVal Text As Long, ByVal Room As Long) As Long
Private Declare Function WideCharToMultiByte Lib "kernel32" _
    (ByVal CodePage As Long, ByVal Flags As Long, ByVal Text As Long, ByVal Length As Long, ByVal Bytes As Long, ByVal Room As Long, _
     ByVal DefaultChar As Long, ByVal UsedDefault As Long) As Long
Private Const CP_UTF8 As Long = 65001

' Stops the running call when set, for example by a button.
Public StopRequested As Boolean

' What OnReceived was given.
Public ReceivedText As String

' Text as zero-terminated UTF-8; pass element 0 of it.
Public Function Utf8(ByVal Text As String) As Byte()
    Dim Bytes() As Byte, Length As Long
    ' With the closing zero, therefore -1.
    Length = WideCharToMultiByte(CP_UTF8, 0, StrPtr(Text), -1, 0, 0, 0, 0)
    If Length = 0 Then
        ReDim Bytes(0)
    Else
        ReDim Bytes(Length - 1)
        WideCharToMultiByte CP_UTF8, 0, StrPtr(Text), -1, VarPtr(Bytes(0)), Length, 0, 0
    End If
    Utf8 = Bytes
End Function

' The text of a buffer, which is given back.
Public Function TakeText(ByRef Buf As PostkontorBuf) As String
    Dim Length As Long
    If Buf.Length > 0 Then
        Length = MultiByteToWideChar(CP_UTF8, 0, Buf.Data, Buf.Length, 0, 0)
        TakeText = String$(Length, 0)
        MultiByteToWideChar CP_UTF8, 0, Buf.Data, Buf.Length, StrPtr(TakeText), Length
    End If
    postkontor_buf_free Buf
End Function

' UTF-8 bytes as text.
Public Function FromUtf8(ByRef Bytes() As Byte) As String
    Dim Length As Long
    Length = MultiByteToWideChar(CP_UTF8, 0, VarPtr(Bytes(0)), UBound(Bytes) + 1, 0, 0)
    FromUtf8 = String$(Length, 0)
    MultiByteToWideChar CP_UTF8, 0, VarPtr(Bytes(0)), UBound(Bytes) + 1, StrPtr(FromUtf8), Length
End Function

' The zero-terminated UTF-8 at an address, as callbacks get it.
Public Function TextAt(ByVal Address As Long) As String
    Dim Text As String, Length As Long
    ' With the closing zero, therefore -1.
    Length = MultiByteToWideChar(CP_UTF8, 0, Address, -1, 0, 0)
    If Length > 1 Then
        Text = String$(Length, 0)
        MultiByteToWideChar CP_UTF8, 0, Address, -1, StrPtr(Text), Length
        TextAt = Left$(Text, Length - 1)
    End If
End Function

Public Function ReadBytes(ByVal Name As String) As Byte()
    Dim Bytes() As Byte, File As Integer
    File = FreeFile
    Open Name For Binary Access Read As #File
    ReDim Bytes(LOF(File) - 1)
    Get #File, , Bytes
    Close #File
    ReadBytes = Bytes
End Function

' A UTF-8 file as text, through the same conversion as everything else.
Public Function ReadText(ByVal Name As String) As String
    Dim Bytes() As Byte
    Bytes = ReadBytes(Name)
    ReadText = FromUtf8(Bytes)
End Function

' A text as JSON, with its quotes. Names and paths have no control characters.
Public Function Quoted(ByVal Text As String) As String
    Quoted = """" & Replace(Replace(Text, "\", "\\"), """", "\""") & """"
End Function

' A member of a JSON object: texts without quotes, everything else as it stands there, "" where it is missing.
Public Function Member(ByVal Json As String, ByVal Name As String) As String
    Dim At As Long, Found As String, Start As Long
    At = InStr(Json, "{") + 1
    Do While At > 1 And At <= Len(Json)
        At = InStr(At, Json, """")
        If At = 0 Then Exit Function
        Start = At
        SkipText Json, At
        Found = JsonText(Json, Start, At)
        At = InStr(At, Json, ":") + 1
        If At = 1 Then Exit Function
        Do While Mid$(Json, At, 1) = " "
            At = At + 1
        Loop
        Start = At
        SkipValue Json, At
        If Found = Name Then
            If Mid$(Json, Start, 1) = """" Then Member = JsonText(Json, Start, At) Else Member = Mid$(Json, Start, At - Start)
            Exit Function
        End If
    Loop
End Function

' The text between the quotes at Start and before After. A mail may be megabytes, so the room is taken once, and not for each character.
Private Function JsonText(ByRef Json As String, ByVal Start As Long, ByVal After As Long) As String
    Dim Text As String, Length As Long, At As Long, Character As String
    Text = Space$(After - Start)
    At = Start + 1
    Do While At < After - 1
        Character = Mid$(Json, At, 1)
        If Character = "\" Then
            At = At + 1
            Character = Mid$(Json, At, 1)
            Select Case Character
                Case "n": Character = vbLf
                Case "r": Character = vbCr
                Case "t": Character = vbTab
                Case "b": Character = Chr$(8)
                Case "f": Character = Chr$(12)
                Case "u"
                    Character = ChrW$(CLng("&H" & Mid$(Json, At + 1, 4)))
                    At = At + 4
            End Select
        End If
        Length = Length + 1
        Mid$(Text, Length, 1) = Character
        At = At + 1
    Loop
    JsonText = Left$(Text, Length)
End Function

' At stands on the opening quote, and behind the closing one afterwards.
Private Sub SkipText(ByRef Json As String, ByRef At As Long)
    Dim Character As String
    Do
        At = At + 1
        Character = Mid$(Json, At, 1)
        If Character = "\" Then At = At + 1
    Loop Until Character = """" Or At > Len(Json)
    At = At + 1
End Sub

' At stands on the first character of a value, and behind it afterwards.
Private Sub SkipValue(ByRef Json As String, ByRef At As Long)
    Dim Depth As Long, Character As String
    Do While At <= Len(Json)
        Character = Mid$(Json, At, 1)
        If Character = """" Then
            SkipText Json, At
        Else
            If Depth = 0 And InStr(",}]", Character) > 0 Then Exit Do
            If InStr("{[", Character) > 0 Then Depth = Depth + 1
            If InStr("}]", Character) > 0 Then Depth = Depth - 1
            At = At + 1
        End If
    Loop
End Sub

' For AddressOf: takes a message, which postkontor_message_part can be asked about until this returns, and says what becomes of it.
' No error may leave it; where something goes wrong the message counts as not taken and comes again.
Public Function OnReceived(ByVal User As Long, ByVal Summary As Long, ByVal Message As Long) As Long
    Dim Text As String
    On Error GoTo Failed
    Text = TextAt(Summary)
    ReceivedText = ReceivedText & Member(Text, "file") & ": " & Member(Text, "subject") & vbCrLf
    OnReceived = POSTKONTOR_SEEN
    Exit Function
Failed:
    OnReceived = POSTKONTOR_STOP
End Function

' For AddressOf. The two 64-bit counters arrive as Currency, scaled by 10,000. Serves the windows, so that the form stays alive.
Public Function OnProgress(ByVal User As Long, ByVal Done As Currency, ByVal Total As Currency) As Long
    On Error Resume Next
    DoEvents
    If StopRequested Then OnProgress = 1
End Function

Public Function AddressAsLong(ByVal Address As Long) As Long
    AddressAsLong = Address
End Function
