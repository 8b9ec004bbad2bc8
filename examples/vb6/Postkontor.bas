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
End Type

Public Declare Sub postkontor_buf_free Lib "postkontor.dll" (ByRef Buf As PostkontorBuf)
Public Declare Function postkontor_host_open Lib "postkontor.dll" _
    (ByRef Config As Byte, ByRef Callbacks As PostkontorCallbacks, ByRef Host As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_host_close Lib "postkontor.dll" (ByVal Host As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_host_transports Lib "postkontor.dll" (ByVal Host As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_open Lib "postkontor.dll" _
    (ByVal Host As Long, ByRef Settings As Byte, ByVal Id As Long, ByRef Account As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_close Lib "postkontor.dll" (ByVal Account As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_test Lib "postkontor.dll" _
    (ByVal Account As Long, ByVal Request As Long, ByVal Cancel As Long, ByRef Out As PostkontorBuf) As Long
Public Declare Function postkontor_account_send Lib "postkontor.dll" _
    (ByVal Account As Long, ByRef Message As Byte, ByRef Parts As PostkontorSlice, ByVal Count As Long, ByVal Cancel As Long, _
     ByRef Out As PostkontorBuf) As Long

Private Declare Function MultiByteToWideChar Lib "kernel32" _
    (ByVal CodePage As Long, ByVal Flags As Long, ByVal Bytes As Long, ByVal Length As Long, ByVal Text As Long, ByVal Room As Long) As Long
Private Declare Function WideCharToMultiByte Lib "kernel32" _
    (ByVal CodePage As Long, ByVal Flags As Long, ByVal Text As Long, ByVal Length As Long, ByVal Bytes As Long, ByVal Room As Long, _
     ByVal DefaultChar As Long, ByVal UsedDefault As Long) As Long
Private Const CP_UTF8 As Long = 65001

' Stops the running call when set, for example by a button.
Public StopRequested As Boolean

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

' For AddressOf. The two 64-bit counters arrive as Currency, scaled by 10,000. Serves the windows, so that the form stays alive.
Public Function OnProgress(ByVal User As Long, ByVal Done As Currency, ByVal Total As Currency) As Long
    On Error Resume Next
    DoEvents
    If StopRequested Then OnProgress = 1
End Function

Public Function AddressAsLong(ByVal Address As Long) As Long
    AddressAsLong = Address
End Function
